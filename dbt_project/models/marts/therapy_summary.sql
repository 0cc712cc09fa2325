with sessions as (

    select * from {{ ref('therapy') }}

),

planned as (

    select * from {{ source('study', 'therapy_planned') }}

),

subjects as (

    select * from {{ ref('adsl') }}

),

-- Who is analysed has a row for each planned type, with no session too; everybody has one for what was recorded.
expected as (

    select
        subjects.usubjid,
        planned.prtrt
    from subjects
    cross join planned
    where subjects.analysfl = 'Y'
    union
    select
        usubjid,
        prtrt
    from sessions

),

-- Minutes and fidelity are decimals, so that their sums have no order.
counted as (

    select
        usubjid,
        prtrt,
        max(session_number) as last_session,
        count(*) as sessions_recorded,
        count(case when attendedfl = 'Y' then 1 end) as sessions_attended,
        count(case when integration_window_fl = 'Y' then 1 end) as sessions_in_window,
        count(case when attendedfl = 'Y' then fidelity_score end) as sessions_rated,
        sum(case when attendedfl = 'Y' then cast(minutes as decimal(18, 4)) end) as minutes,
        sum(case when attendedfl = 'Y' then cast(fidelity_score as decimal(18, 4)) end) as fidelity_points,
        min(case when attendedfl = 'Y' then adt end) as first_date,
        max(case when attendedfl = 'Y' then adt end) as last_date
    from sessions
    group by usubjid, prtrt

),

final as (

    select
        subjects.studyid,
        expected.usubjid,
        subjects.siteid,
        subjects.trta,
        expected.prtrt,
        sessions.srcdom,
        sessions.delivery_id,
        sessions.source_file,
        planned.planned_sessions,
        cast(coalesce(counted.sessions_recorded, 0) as integer) as sessions_recorded,
        cast(coalesce(counted.sessions_attended, 0) as integer) as sessions_attended,
        cast(coalesce(counted.sessions_in_window, 0) as integer) as sessions_in_window,
        cast(cast(
            100 * coalesce(counted.sessions_attended, 0) / cast(planned.planned_sessions as decimal(9, 0))
            as decimal(18, 2)
        ) as double) as planned_attended_pct,
        coalesce(cast(counted.minutes as double), 0) as minutes,
        cast(cast(counted.fidelity_points / counted.sessions_rated as decimal(18, 4)) as double) as mean_fidelity_score,
        sessions.srcseq,
        counted.first_date,
        counted.last_date
    from expected
    left join subjects
        on expected.usubjid = subjects.usubjid
    left join planned
        on expected.prtrt = planned.prtrt
    left join counted
        on expected.usubjid = counted.usubjid and expected.prtrt = counted.prtrt
    left join sessions
        on
            expected.usubjid = sessions.usubjid
            and expected.prtrt = sessions.prtrt
            and counted.last_session = sessions.session_number

)

select * from final
