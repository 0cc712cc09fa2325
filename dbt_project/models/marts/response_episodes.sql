with episodes as (

    select * from {{ ref('int_responses_grouped') }}

),

doses as (

    select * from {{ ref('int_responses_dosed') }}

),

endpoints as (

    select * from {{ source('study', 'endpoints') }}

),

treatments as (

    select * from {{ ref('int_treatments_allocated') }}

),

subjects as (

    select * from {{ ref('adsl') }}

),

deliveries as (

    select * from {{ ref('stg_landed__deliveries') }}

),

measured as (

    select
        episodes.*,
        doses.next_start_day,
        doses.doses_within,
        doses.doses_after,
        doses.last_dose_date,
        episodes.end_day - episodes.start_day + 1 as days,
        case when episodes.is_dated_event and episodes.cnsr = 0 then episodes.end_day else episodes.last_day end
        - episodes.start_day + 1 as lower_days
    from episodes
    left join doses
        on
            episodes.usubjid = doses.usubjid and episodes.endpoint = doses.endpoint
            and episodes.aperiod is not distinct from doses.aperiod and episodes.episode = doses.episode

),

final as (

    select
        subjects.studyid,
        measured.usubjid,
        subjects.siteid,
        treatments.trta,
        measured.endpoint,
        endpoints.paramcd,
        case when measured.cnsr = 0 then measured.ended_by end as evntdesc,
        case
            when measured.cnsr = 0 then null
            when measured.ended_by is not null then measured.ended_by
            else {{ censoring_reason('subjects', 'treatments.next_period_date is not null') }}
        end as cnsdtdsc,
        measured.srcdom,
        deliveries.delivery_id,
        deliveries.file as source_file,
        measured.aperiod,
        cast(measured.episode as integer) as episode,
        measured.start_day as astdy,
        measured.end_day as aendy,
        cast(measured.days as double) as aval,
        cast(measured.lower_days as double) as lower_days,
        cast(case when measured.cnsr = 0 then measured.days end as double) as upper_days,
        measured.base,
        {{ percent_change('measured.lowest', 'measured.base') }} as lowest_pchg,
        cast(measured.assessments as integer) as assessments,
        cast(measured.doses_within as integer) as doses,
        {{ days_between('measured.last_dose_date', 'measured.startdt') }} as days_since_dose,
        cast(measured.next_start_day - measured.end_day as integer) as days_to_next,
        measured.cnsr,
        measured.srcseq,
        case when measured.doses_after is not null then {{ flag('measured.doses_after > 0') }} end as redosedfl,
        measured.startdt as astdt,
        measured.enddt as aendt
    from measured
    left join endpoints on measured.endpoint = endpoints.endpoint
    left join treatments on measured.usubjid = treatments.usubjid and measured.aperiod = treatments.aperiod
    left join subjects on measured.usubjid = subjects.usubjid
    left join deliveries on measured.delivery_rank = deliveries.delivery_rank

)

select * from final
