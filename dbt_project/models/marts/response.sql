with scores as (

    select * from {{ ref('int_scores_by_missing_rule') }}

),

endpoints as (

    select * from {{ source('study', 'endpoints') }}

),

further as (

    select * from {{ ref('int_further_scores_judged') }}

),

subjects as (

    select * from {{ ref('adsl') }}

),

deliveries as (

    select * from {{ ref('stg_landed__deliveries') }}

),

judged as (

    select
        scores.*,
        endpoints.paramcd,
        endpoints.response_crit as crit1,
        {{ response_is_met('scores.aval', 'scores.base', 'endpoints') }} as is_met
    from scores
    left join endpoints
        on scores.endpoint = endpoints.endpoint
    left join further
        on {{ further_score_of('scores', 'scores.srcvisit', 'scores.adt') }}

),

final as (

    select
        subjects.studyid,
        judged.usubjid,
        subjects.siteid,
        judged.trta,
        judged.endpoint,
        judged.paramcd,
        judged.avisit,
        judged.estimand,
        judged.missing_rule,
        judged.crit1,
        {{ derivation_type('judged') }} as dtype,
        case when judged.delivery_rank is not null then 'QS' end as srcdom,
        judged.srcvisit,
        deliveries.delivery_id,
        deliveries.file as source_file,
        judged.aperiod,
        judged.avisitn,
        judged.ady,
        judged.aval,
        judged.base,
        judged.aval - judged.base as chg,
        {{ percent_change('judged.aval', 'judged.base') }} as pchg,
        judged.srcseq,
        {{ outcome('judged') }} as crit1fl,
        'Y' as anl01fl,
        judged.adt
    from judged
    left join subjects
        on judged.usubjid = subjects.usubjid
    left join deliveries
        on judged.delivery_rank = deliveries.delivery_rank

)

select * from final
