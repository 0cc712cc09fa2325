{{ config(materialized='view') }}

-- Each later assessment, judged for relapse and for loss of response.
with scores as (

    select * from {{ ref('int_scores_followed') }}

),

parameters as (

    select * from {{ source('study', 'durability') }}

),

endpoints as (

    select * from {{ source('study', 'endpoints') }}

),

relapses as (

    select
        scores.*,
        'RELAPSE BY SCORE' as evntdesc,
        parameters.relapse_assessments as assessments_needed,
        parameters.relapse_from_days as from_days,
        parameters.relapse_to_days as to_days,
        case
            when parameters.relapse_strict then scores.aval > parameters.relapse_min_score
            else scores.aval >= parameters.relapse_min_score
        end as is_met
    from scores
    inner join parameters
        on scores.paramcd = parameters.paramcd
    where parameters.relapse_min_score is not null

),

losses as (

    select
        scores.*,
        'LOSS OF RESPONSE' as evntdesc,
        case when parameters.loss_confirmed then 2 else 1 end as assessments_needed,
        cast(null as integer) as from_days,
        cast(null as integer) as to_days,
        not {{ response_is_met('scores.aval', 'scores.base', 'endpoints') }} as is_met
    from scores
    inner join parameters
        on scores.paramcd = parameters.paramcd
    left join endpoints
        on scores.endpoint = endpoints.endpoint
    where parameters.loss_of_response

),

final as (

    select * from relapses
    union all
    select * from losses

)

select * from final
