-- The windows spelled out day by day, so that an assessment finds its visit by an equality join. '*' stands for what
-- has no plan of its own (vital signs, laboratory): every visit of the study.
with visits as (

    select * from {{ source('study', 'version_visits') }}

),

planned as (

    select * from {{ source('study', 'instrument_visits') }}

),

plans as (

    select
        planned.paramcd,
        visits.*
    from planned
    left join visits
        on planned.visit = visits.visit
    union all
    select
        '*' as paramcd,
        visits.*
    from visits

),

days as (

    select
        version,
        paramcd,
        visit,
        visitnum,
        target_day,
        of_period,
        cast(unnest(generate_series(window_from_day, window_to_day)) as integer) as study_day
    from plans
    where window_from_day is not null

),

measured as (

    select
        *,
        abs(({{ elapsed('study_day') }}) - ({{ elapsed('coalesce(target_day, study_day)') }})) as days_from_target
    from days
    where study_day <> 0

),

ranked as (

    select
        *,
        row_number() over (
            partition by version, paramcd, study_day
            order by days_from_target asc, visitnum desc
        ) as candidate
    from measured

),

final as (

    select
        version,
        paramcd,
        visit,
        study_day,
        days_from_target,
        of_period
    from ranked
    where candidate = 1

)

select * from final
