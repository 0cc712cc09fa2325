-- The doses of each course of follow-up on its own clock: the day of the start is 1, so a dose of the day before is 0.
with courses as (

    select * from {{ ref('int_courses_ended') }}

),

doses as (

    select * from {{ ref('int_doses_numbered') }}

),

parameters as (

    select * from {{ source('study', 'durability_parameters') }}

),

timed as (

    select
        courses.usubjid,
        courses.paramcd,
        courses.aperiod,
        {{ days_between('courses.startdt', 'doses.adt') }} + 1 as dose_time,
        parameters.maintenance_window_days,
        case
            when parameters.maintenance_window_days is null then false
            when parameters.maintenance_category is null then doses.adt >= courses.startdt
            else coalesce(doses.excat = parameters.maintenance_category, false)
        end as is_maintenance
    from courses
    inner join doses
        on
            courses.usubjid = doses.usubjid
            and courses.aperiod is not distinct from doses.aperiod
    left join parameters
        on courses.paramcd = parameters.paramcd
    where doses.adt is not null and courses.startdt is not null

),

daily as (

    select
        usubjid,
        paramcd,
        aperiod,
        dose_time,
        maintenance_window_days,
        count(*) as doses,
        max(case when is_maintenance then dose_time end) as maintenance_time
    from timed
    group by usubjid, paramcd, aperiod, dose_time, maintenance_window_days

),

followed as (

    select
        *,
        lead(dose_time) over (partition by usubjid, paramcd, aperiod order by dose_time) as next_dose_time,
        sum(doses) over (partition by usubjid, paramcd, aperiod order by dose_time) as doses_so_far,
        max(maintenance_time + maintenance_window_days) over (
            partition by usubjid, paramcd, aperiod
            order by dose_time
        ) as maintained_until,
        min(maintenance_time) over (
            partition by usubjid, paramcd, aperiod
            order by dose_time
            rows between 1 following and unbounded following
        ) as next_maintenance_time
    from daily

),

final as (

    select
        usubjid,
        paramcd,
        aperiod,
        dose_time,
        next_dose_time,
        doses_so_far,
        maintained_until,
        -- Where the next maintenance dose comes in time, nothing ends here.
        case
            when
                maintenance_time is not null
                and (next_maintenance_time is null or next_maintenance_time > maintained_until)
                then maintained_until
        end as maintenance_end
    from followed

)

select * from final
