-- Subjects who were not dosed, or followed for less than a week, are left out.
with subjects as (

    select * from {{ ref('adsl') }}

),

adverse_events as (

    select * from {{ ref('adae') }}

),

scores as (

    select * from {{ ref('adqs') }}

),

-- While a subject is in the study, it is followed up to the last score that was recorded.
last_scores as (

    select
        usubjid,
        max(adt) as last_date
    from scores
    group by usubjid

),

reported as (

    select count(*) as adverse_events
    from adverse_events

),

followed as (

    select
        subjects.usubjid,
        subjects.siteid,
        cast(
            floor(({{ days_between('subjects.trtsdt', 'coalesce(subjects.eosdt, last_scores.last_date)') }} + 1) / 7)
            as integer
        ) as weeks
    from subjects
    -- Where the study reported no event, nothing is there to be compared.
    inner join reported
        on reported.adverse_events > 0
    left join last_scores
        on subjects.usubjid = last_scores.usubjid
    where subjects.trtsdt is not null

),

weeks as (

    select
        usubjid,
        siteid,
        weeks,
        unnest(generate_series(1, weeks)) as week_number
    from followed
    where weeks >= 1

),

-- An event whose day is not known counts in the first week_number: its site did report it.
events as (

    select
        usubjid,
        coalesce(greatest(cast(ceil(astdy / 7) as integer), 1), 1) as week_number,
        count(*) as events
    from adverse_events
    where trtemfl = 'Y'
    group by usubjid, coalesce(greatest(cast(ceil(astdy / 7) as integer), 1), 1)

),

final as (

    select
        weeks.usubjid,
        weeks.siteid,
        weeks.weeks,
        weeks.week_number,
        sum(coalesce(events.events, 0)) over (partition by weeks.usubjid order by weeks.week_number) as events
    from weeks
    left join events
        on weeks.usubjid = events.usubjid and weeks.week_number = events.week_number

)

select * from final
