{{ config(materialized='view') }}

-- Planned visits since the first dose, judged for the state that starts a time: as observed or as an estimand has them.
with scores as (

    select * from {{ ref('int_scores_planned') }}

),

imputed as (

    select * from {{ ref('int_scores_by_missing_rule') }}

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

valued as (

    select
        scores.*,
        parameters.paramcd as durability_paramcd,
        parameters.start,
        parameters.start_assessments as assessments_needed,
        coalesce(scores.ady, scores.target_day) as start_day,
        case when parameters.start_estimand is null then scores.aval else imputed.aval end as start_aval,
        case when parameters.start_estimand is null then scores.avisit else imputed.srcvisit end as start_avisit,
        case when parameters.start_estimand is null then scores.adt else imputed.adt end as start_adt,
        coalesce(imputed.is_composite_failure, false) as is_failure,
        imputed.assumed_crit1fl,
        -- What was imputed or assumed holds a run together, and starts none.
        scores.aval is not null and imputed.dtype is null as is_seen
    from scores
    inner join parameters on scores.endpoint = parameters.endpoint and parameters.start_at = 'first_visit'
    left join imputed
        on
            scores.usubjid = imputed.usubjid and scores.endpoint = imputed.endpoint
            and scores.aperiod is not distinct from imputed.aperiod and scores.avisitn = imputed.avisitn
            and parameters.start_estimand = imputed.estimand and parameters.start_missing_rule = imputed.missing_rule

),

judged as (

    select
        valued.*,
        case
            when valued.is_failure then false
            when valued.start = 'remission' then {{ remission_is_met('valued.start_aval', 'endpoints') }}
            else {{ response_is_met('valued.start_aval', 'valued.base', 'endpoints') }}
        end as is_known_met
    from valued
    left join endpoints on valued.endpoint = endpoints.endpoint
    left join further
        on {{ further_score_of('valued', 'valued.start_avisit', 'valued.start_adt') }}

),

final as (

    select
        usubjid,
        trta,
        endpoint,
        durability_paramcd as paramcd,
        paramcd as instrument,
        aperiod,
        avisitn,
        ady,
        start_day,
        assessments_needed,
        delivery_rank,
        srcseq,
        base,
        coalesce(is_known_met, assumed_crit1fl = 'Y') as is_met,
        is_seen and is_known_met is not null as is_seen,
        adt,
        first_dose_date
    from judged
    where coalesce(is_known_met, assumed_crit1fl = 'Y') is not null and not is_before_first_dose

)

select * from final
