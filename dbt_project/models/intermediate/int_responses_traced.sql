{{ config(materialized='view') }}

-- What happened to each response in the order of time: assessments in response, and what ends one, an assessment that
-- is none or an event that the study file's durability names.
with assessed as (

    select * from {{ ref('int_responses_assessed') }}

),

events as (

    select * from {{ ref('int_response_events_dated') }}

),

parameters as (

    select * from {{ source('study', 'durability_parameters') }}

),

-- The lowest score that a parameter of the endpoint calls a relapse.
thresholds as (

    select
        *,
        row_number() over (
            partition by endpoint
            order by relapse_min_score, relapse_strict, paramcd
        ) as candidate
    from parameters
    where relapse_min_score is not null

),

moments as (

    select
        assessed.usubjid,
        assessed.endpoint,
        case
            when assessed.is_response then null
            when
                assessed.aval > thresholds.relapse_min_score
                or (assessed.aval = thresholds.relapse_min_score and not thresholds.relapse_strict)
                then 'RELAPSE BY SCORE'
            else 'LOSS OF RESPONSE'
        end as ended_by,
        'QS' as srcdom,
        assessed.dtc,
        assessed.aperiod,
        assessed.ady,
        -- On one day an event ends the response seen that day, and outranks a score that is none.
        case when assessed.is_response then 0 else 2 end as priority,
        0 as cnsr,
        assessed.delivery_rank,
        assessed.srcseq,
        assessed.aval,
        assessed.base,
        assessed.adt
    from assessed
    left join thresholds
        on
            assessed.endpoint = thresholds.endpoint
            and thresholds.candidate = 1
    where assessed.is_response is not null
    union all
    select * from events

),

final as (

    select
        *,
        count(ended_by) over (
            partition by usubjid, endpoint, aperiod
            order by ady, priority, dtc, delivery_rank, srcseq, ended_by
            rows between unbounded preceding and current row
        ) as ends_so_far
    from moments

)

select * from final
