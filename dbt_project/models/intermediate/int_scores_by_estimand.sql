-- What each strategy for intercurrent events (ICH E9(R1)) keeps of the scores, and which kept one may stand in later.
with scores as (

    select * from {{ ref('int_scores_sequenced') }}
    where kind <> 'BASELINE'

),

events as (

    select * from {{ ref('int_intercurrent_events_dated') }}

),

estimands as (

    select * from {{ source('study', 'estimands') }}

),

placed as (

    select
        scores.*,
        estimands.estimand,
        estimands.strategy,
        coalesce(
            case
                when events.event_date is null then false
                when scores.adt is not null then scores.adt >= events.event_date
                when scores.first_dose_date is null then true
                else scores.target_day >= {{ study_day('events.event_date', 'scores.first_dose_date') }}
            end,
            false
        ) as is_after_event
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
        aval is not null and not (is_after_event and strategy in ('hypothetical', 'while_on_treatment')) as is_kept
    from placed

),

carried as (

    select
        *,
        max(case when is_kept and kind = 'PLANNED' then place end) over earlier as last_planned_place,
        max(case when is_kept then place end) over earlier as last_place,
        max(case when is_kept and kind = 'PLANNED' then {{ score_and_place('aval', 'place') }} end) over earlier
            as worst_planned,
        max(case when is_kept then {{ score_and_place('aval', 'place') }} end) over earlier as worst
    from kept
    window
        earlier as (
            partition by usubjid, endpoint, estimand, aperiod
            order by place
            rows between unbounded preceding and 1 preceding
        )

),

final as (

    select
        carried.usubjid,
        carried.trta,
        carried.endpoint,
        carried.avisit,
        carried.estimand,
        carried.strategy,
        carried.kind,
        carried.aperiod,
        carried.place,
        carried.avisitn,
        carried.last_planned_place,
        carried.last_place,
        carried.worst_planned.place as worst_planned_place,
        carried.worst.place as worst_place,
        carried.base,
        carried.is_after_event,
        carried.is_kept
    from carried

)

select * from final
