with assessed as (

    select * from {{ ref('int_responses_assessed') }}

),

dispositions as (

    select * from {{ ref('stg_landed__dispositions') }}

),

treatments as (

    select * from {{ ref('int_treatments_allocated') }}

),

parameters as (

    select * from {{ source('study', 'durability_parameters') }}

),

randomised as (

    select
        *,
        row_number() over (partition by usubjid order by adt desc, delivery_rank desc, srcseq desc, record desc) as back
    from dispositions
    where dsdecod = 'RANDOMIZED' and adt is not null

),

starts as (

    select
        randomised.usubjid,
        randomised.delivery_rank,
        randomised.srcseq,
        randomised.adt,
        treatments.planned_arm as trta,
        treatments.day_one_date as first_dose_date,
        {{ study_day('randomised.adt', 'treatments.day_one_date') }} as startdy
    from randomised
    left join treatments on randomised.usubjid = treatments.usubjid
    where randomised.back = 1

),

ranked as (

    select
        starts.*,
        assessed.endpoint,
        parameters.paramcd,
        assessed.instrument,
        assessed.base,
        parameters.start_assessments,
        case parameters.start when 'remission' then assessed.is_remission else assessed.is_response end as is_met,
        row_number() over (
            partition by starts.usubjid, parameters.paramcd
            order by assessed.ady desc, assessed.dtc desc nulls last, assessed.delivery_rank desc, assessed.srcseq desc
        ) as back
    from starts
    inner join assessed on starts.usubjid = assessed.usubjid and starts.startdy >= assessed.ady
    inner join parameters on assessed.endpoint = parameters.endpoint and parameters.start_at = 'randomisation'

),

counted as (

    select
        *,
        count(case when is_met then 1 end) over (partition by usubjid, paramcd) as met
    from ranked
    where back <= start_assessments

),

final as (

    select
        usubjid,
        trta,
        endpoint,
        paramcd,
        instrument,
        startdy,
        delivery_rank,
        srcseq,
        base,
        adt as startdt,
        first_dose_date
    from counted
    where back = 1 and met = start_assessments

)

select * from final
