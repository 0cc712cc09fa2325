with events as (

    select * from {{ ref('int_adverse_events_dated') }}

),

subjects as (

    select * from {{ ref('adsl') }}

),

settings as (

    select * from {{ source('study', 'settings') }}

),

started as (

    select
        events.*,
        subjects.rfstdt,
        subjects.trtsdt,
        subjects.trtedt,
        coalesce(subjects.siteid, events.siteid) as trial_siteid,
        settings.emergent_rule,
        settings.emergent_until_days,
        {{ severity_rank('events.aesev') }} as severity,
        {{ severity_rank('events.aesevini') }} as severity_before,
        {{ started_after_first_dose('events.known_start', 'events.known_end', 'subjects.trtsdt') }} as startfl
    from events
    cross join settings
    left join subjects
        on events.usubjid = subjects.usubjid

),

-- What a subject had before its first dose: how bad at the worst, and until when; an event without an end lasts.
before_dosing as (

    select
        usubjid,
        aedecod,
        max(severity) as worst_severity,
        max(coalesce(aendt, cast('9999-12-31' as date))) as last_day
    from started
    where startfl = 'N' and trtsdt is not null and aedecod is not null
    group by usubjid, aedecod

),

judged as (

    select
        started.*,
        case
            when started.emergent_rule = 'started' then started.startfl
            -- The same event goes on after the dose, no worse than it was: a record of its own, and not a new event.
            when started.startfl = 'Y' and started.severity <= before_dosing.worst_severity then 'N'
            when started.startfl = 'Y' then 'Y'
            when started.trtsdt is null or started.severity is null then 'N'
            when {{ known_part_is_before('started.known_end', 'started.trtsdt') }} then 'N'
            when started.severity > started.severity_before then 'Y'
            else 'N'
        end as emergent_by_rule
    from started
    left join before_dosing
        on
            started.usubjid = before_dosing.usubjid
            and started.aedecod = before_dosing.aedecod
            and {{ days_between('before_dosing.last_day', 'started.astdt') }} <= 1

),

final as (

    select
        *,
        case
            when {{ days_between('trtedt', 'astdt') }} > emergent_until_days and startfl = 'Y' then 'N'
            else emergent_by_rule
        end as trtemfl
    from judged

)

select * from final
