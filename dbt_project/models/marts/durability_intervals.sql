with courses as (

    select * from {{ ref('durability') }}

),

doses as (

    select * from {{ ref('int_doses_timed') }}

),

parameters as (

    select * from {{ source('study', 'durability_parameters') }}

),

-- A time is cut after the day of a dose, and after the last day for which a maintenance dose counts.
cuts as (

    select
        usubjid,
        paramcd,
        aperiod,
        0 as tstart
    from courses
    union
    select
        usubjid,
        paramcd,
        aperiod,
        dose_time as tstart
    from doses
    union
    select
        usubjid,
        paramcd,
        aperiod,
        maintenance_end as tstart
    from doses

),

within as (

    select
        courses.*,
        cuts.tstart,
        lead(cuts.tstart) over (partition by courses.usubjid, courses.paramcd, courses.aperiod order by cuts.tstart)
            as next_tstart,
        row_number() over (partition by courses.usubjid, courses.paramcd, courses.aperiod order by cuts.tstart)
            as interval_number
    from courses
    inner join cuts
        on
            courses.usubjid = cuts.usubjid and courses.paramcd = cuts.paramcd
            and courses.aperiod is not distinct from cuts.aperiod
            and cuts.tstart >= 0 and courses.aval > cuts.tstart

),

final as (

    select
        within.studyid,
        within.usubjid,
        within.siteid,
        within.trta,
        within.endpoint,
        within.paramcd,
        within.param,
        within.srcdom,
        within.delivery_id,
        within.source_file,
        within.aperiod,
        cast(within.interval_number as integer) as interval_number,
        cast(within.tstart as integer) as tstart,
        cast(coalesce(within.next_tstart, within.aval) as integer) as tstop,
        case when within.cnsr = 0 and within.next_tstart is null then 1 else 0 end as event,
        cast(case when within.startdt is not null then coalesce(doses.doses_so_far, 0) end as integer) as doses,
        cast(within.tstart + 1 - doses.dose_time as integer) as days_since_dose,
        within.srcseq,
        case
            when within.startdt is not null and parameters.maintenance_window_days is not null
                then {{ flag("coalesce(within.tstart < doses.maintained_until, false)") }}
        end as maintfl,
        within.startdt
    from within
    left join parameters
        on within.paramcd = parameters.paramcd
    left join doses
        on
            within.usubjid = doses.usubjid and within.paramcd = doses.paramcd
            and within.aperiod is not distinct from doses.aperiod and within.tstart >= doses.dose_time
            and (within.tstart < doses.next_dose_time or doses.next_dose_time is null)

)

select * from final
