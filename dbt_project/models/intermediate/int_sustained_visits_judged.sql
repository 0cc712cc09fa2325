-- What response and remission say at each visit at which a definition of sustained response asks for it.
with responses as (

    select
        *,
        'response' as measure
    from {{ ref('response') }}

),

remissions as (

    select
        *,
        'remission' as measure
    from {{ ref('remission') }}

),

definitions as (

    select * from {{ source('study', 'sustained') }}

),

visits as (

    select * from {{ source('study', 'sustained_visits') }}

),

outcomes as (

    select * from responses
    union all
    select * from remissions

),

asked as (

    select
        outcomes.usubjid,
        outcomes.trta,
        definitions.paramcd,
        outcomes.avisit,
        outcomes.srcdom,
        outcomes.delivery_id,
        outcomes.source_file,
        outcomes.aperiod,
        outcomes.avisitn,
        outcomes.ady,
        outcomes.srcseq,
        definitions.allowed_misses,
        outcomes.crit1fl,
        visits.may_be_missed,
        outcomes.adt,
        count(case when outcomes.crit1fl = 'N' then 1 end) over (
            partition by outcomes.usubjid, definitions.paramcd, outcomes.aperiod
            order by outcomes.avisitn
        ) as misses_so_far
    from definitions
    inner join outcomes
        on
            definitions.endpoint = outcomes.endpoint
            and definitions.measure = outcomes.measure
            and definitions.estimand = outcomes.estimand
            and definitions.missing_rule = outcomes.missing_rule
    inner join visits
        on
            definitions.paramcd = visits.paramcd
            and outcomes.avisit = visits.visit

),

final as (

    select
        *,
        coalesce(crit1fl = 'N' and (not may_be_missed or misses_so_far > allowed_misses), false) as is_breach
    from asked

)

select * from final
