-- What each strategy for intercurrent events (ICH E9(R1)) keeps of the planned scores.
with scores as (

    select * from {{ ref('int_scores_planned') }}

),

events as (

    select * from {{ ref('int_intercurrent_events_dated') }}

),

estimands as (

    select * from {{ source('study', 'estimands') }}

),

placed as (

    select
        scores.usubjid,
        scores.endpoint,
        scores.avisit,
        estimands.estimand,
        estimands.strategy,
        scores.aperiod,
        scores.avisitn,
        scores.aval,
        scores.base,
        case
            when events.event_date is null then false
            when scores.adt is not null then scores.adt >= events.event_date
            when scores.first_dose_date is null then true
            else scores.target_day >= {{ study_day('events.event_date', 'scores.first_dose_date') }}
        end as is_after_event
    from scores
    cross join estimands
    left join events
        on
            scores.usubjid = events.usubjid
            and estimands.estimand = events.estimand

),

kept as (

    select
        *,
        aval is not null
        and not (coalesce(is_after_event, false) and strategy in ('hypothetical', 'while_on_treatment')) as is_kept
    from placed

),

final as (

    select
        usubjid,
        endpoint,
        avisit,
        estimand,
        strategy,
        aperiod,
        avisitn,
        base is not null as has_base,
        coalesce(is_after_event, false) as is_after_event,
        is_kept,
        -- The visit whose value may stand in for this one: the last one kept before it in the same period.
        max(case when is_kept then avisitn end) over (
            partition by usubjid, endpoint, estimand, aperiod
            order by avisitn
            rows between unbounded preceding and 1 preceding
        ) as last_kept_avisitn
    from kept

)

select * from final
