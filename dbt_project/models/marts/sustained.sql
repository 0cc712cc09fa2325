with decided as (

    select * from {{ ref('int_sustained_definitions_decided') }}

),

visits as (

    select * from {{ ref('int_sustained_visits_judged') }}

),

definitions as (

    select * from {{ source('study', 'sustained') }}

),

subjects as (

    select * from {{ ref('adsl') }}

),

final as (

    select
        subjects.studyid,
        decided.usubjid,
        subjects.siteid,
        visits.trta,
        definitions.endpoint,
        decided.paramcd,
        definitions.param,
        definitions.estimand,
        definitions.missing_rule,
        definitions.crit1,
        case
            when decided.is_taken then 'COUNTS AS ' || decided.unless
            when decided.crit1fl = 'Y'
                then 'MET AT ' || decided.visits_met || ' OF ' || decided.visits_asked || ' VISITS'
            when decided.crit1fl = 'N' then 'NOT MET AT ' || visits.avisit
            when decided.metfl is null then 'NOT KNOWN AT ' || visits.avisit
            else 'NOT KNOWN WHETHER ' || decided.unless
        end as reason,
        visits.avisit,
        visits.srcdom,
        visits.delivery_id,
        visits.source_file,
        visits.aperiod,
        visits.avisitn,
        visits.ady,
        decided.visits_asked,
        decided.visits_met,
        decided.visits_missed,
        decided.visits_unknown,
        visits.srcseq,
        decided.crit1fl,
        visits.adt
    from decided
    left join visits
        on
            decided.usubjid = visits.usubjid and decided.paramcd = visits.paramcd
            and decided.aperiod is not distinct from visits.aperiod
            and decided.decided_avisitn = visits.avisitn
    left join definitions
        on decided.paramcd = definitions.paramcd
    left join subjects
        on decided.usubjid = subjects.usubjid

)

select * from final
