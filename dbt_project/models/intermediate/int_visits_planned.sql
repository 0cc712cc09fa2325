-- The visits at which an endpoint's instrument is planned after baseline: the denominator of every proportion.
with endpoints as (

    select * from {{ source('study', 'endpoints') }}

),

planned as (

    select * from {{ source('study', 'instrument_visits') }}

),

visits as (

    select * from {{ source('study', 'version_visits') }}

),

baseline_visits as (

    select max(visitnum) as visitnum
    from visits
    where is_baseline

),

final as (

    select
        visits.version,
        endpoints.endpoint,
        endpoints.paramcd,
        visits.visit as avisit,
        visits.of_period,
        visits.visitnum as avisitn,
        visits.target_day
    from endpoints
    left join planned
        on endpoints.paramcd = planned.paramcd
    left join visits
        on planned.visit = visits.visit
    cross join baseline_visits
    where
        visits.is_planned
        and not visits.is_baseline
        and coalesce(visits.visitnum > baseline_visits.visitnum, visits.target_day > 1)

)

select * from final
