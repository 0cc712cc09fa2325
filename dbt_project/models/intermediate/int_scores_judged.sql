{{ config(materialized='view') }}

-- Each later assessment, judged for relapse and for loss of response.
with scores as (

    select * from {{ ref('int_scores_followed') }}

),

parameters as (

    select * from {{ source('study', 'durability_parameters') }}

),

endpoints as (

    select * from {{ source('study', 'endpoints') }}

),

further as (

    select * from {{ ref('int_further_scores_judged') }}

),

relapses as (

    select
        scores.*,
        'RELAPSE BY SCORE' as evntdesc,
        parameters.relapse_assessments as assessments_needed,
        parameters.relapse_from_days as from_days,
        parameters.relapse_to_days as to_days,
        parameters.relapse_dated_at as dated_at,
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
        'LOSS OF ' || upper(parameters.loss_of) as evntdesc,
        case when parameters.loss_confirmed then 2 else 1 end as assessments_needed,
        parameters.loss_from_days as from_days,
        parameters.loss_to_days as to_days,
        parameters.loss_dated_at as dated_at,
        case
            when parameters.loss_of = 'remission' then not {{ remission_is_met('scores.aval', 'endpoints') }}
            when parameters.loss_below_reduction_pct is not null
                then {{ reduction_is_below('scores.aval', 'scores.base', 'parameters.loss_below_reduction_pct') }}
            else not {{ response_is_met('scores.aval', 'scores.base', 'endpoints') }}
        end as is_met
    from scores
    inner join parameters
        on scores.paramcd = parameters.paramcd
    left join endpoints
        on scores.endpoint = endpoints.endpoint
    left join further
        on {{ further_score_of('scores', 'scores.avisit', 'scores.adt') }}
    where parameters.loss_of_response

),

final as (

    select * from relapses
    union all
    select * from losses

)

select * from final
