with courses as (

    select * from {{ ref('int_courses_ended') }}

),

parameters as (

    select * from {{ source('study', 'durability_parameters') }}

),

subjects as (

    select * from {{ ref('adsl') }}

),

deliveries as (

    select * from {{ ref('stg_landed__deliveries') }}

),

treatments as (

    select * from {{ ref('int_treatments_allocated') }}

),

measured as (

    select
        *,
        ({{ elapsed('ady') }}) - ({{ elapsed('start_day') }}) + 1 as days,
        ({{ elapsed('lower_ady') }}) - ({{ elapsed('start_day') }}) + 1 as lower_days
    from courses

),

final as (

    select
        subjects.studyid,
        measured.usubjid,
        subjects.siteid,
        measured.trta,
        measured.endpoint,
        measured.paramcd,
        parameters.param,
        'DAYS' as avalu,
        measured.evntdesc,
        case
            when measured.cnsr = 0 then null
            when measured.cnsdtdsc is not null then measured.cnsdtdsc
            else {{ censoring_reason('subjects', 'treatments.next_period_date is not null') }}
        end as cnsdtdsc,
        measured.srcdom,
        deliveries.delivery_id,
        deliveries.file as source_file,
        measured.aperiod,
        cast(measured.days as double) as aval,
        cast(measured.lower_days as double) as lower_days,
        cast(case when measured.cnsr = 0 then measured.days end as double) as upper_days,
        measured.startdy,
        measured.ady,
        measured.cnsr,
        measured.srcseq,
        measured.startdt,
        measured.adt
    from measured
    left join parameters
        on measured.paramcd = parameters.paramcd
    left join subjects
        on measured.usubjid = subjects.usubjid
    left join treatments
        on
            measured.usubjid = treatments.usubjid
            and measured.aperiod = treatments.aperiod
    left join deliveries
        on measured.delivery_rank = deliveries.delivery_rank

)

select * from final
