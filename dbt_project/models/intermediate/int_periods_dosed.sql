with doses as (

    select * from {{ ref('int_doses_numbered') }}

),

ranked as (

    select
        *,
        row_number() over (
            partition by usubjid, aperiod
            order by case when arm is null then 1 else 0 end, dose_number
        ) as candidate
    from doses
    where aperiod is not null

),

periods as (

    select
        usubjid,
        max(case when candidate = 1 then arm end) as arm,
        aperiod,
        -- The time of the first dose, where it was collected; of several on one day the earliest.
        min(case when adt is not null then dtc end) as first_dose_dtc,
        min(adt) as first_dose_date
    from ranked
    group by usubjid, aperiod

),

final as (

    select
        usubjid,
        arm,
        aperiod,
        first_dose_dtc,
        first_dose_date,
        lead(first_dose_date) over (partition by usubjid order by aperiod) as next_period_date
    from periods

)

select * from final
