with subjects as (

    select * from {{ ref('stg_landed__subjects') }}

),

randomisations as (

    select * from {{ ref('int_arms_randomised') }}

),

periods as (

    select * from {{ ref('int_periods_dosed') }}

),

scheduled as (

    select * from {{ ref('int_subjects_scheduled') }}

),

settings as (

    select * from {{ source('study', 'settings') }}

),

arms as (

    select * from {{ source('study', 'arms') }}

),

only_arm as (

    select case when count(*) = 1 then min(arm) end as arm
    from arms

),

allocated as (

    select
        subjects.usubjid,
        case when settings.design <> 'crossover' then coalesce(randomisations.arm, planned.arm) else periods.arm end
            as known_arm,
        -- What stands in where no arm can be read: the one arm of the study, or of a blinded cut.
        case
            when periods.usubjid is not null or (settings.blinded and randomisations.usubjid is not null)
                then only_arm.arm
        end as assumed_arm,
        case when settings.design <> 'crossover' then coalesce(actual.arm, periods.arm) else periods.arm end
            as dosed_arm,
        coalesce(periods.aperiod, 1) as aperiod,
        settings.design <> 'crossover' as is_whole_study,
        periods.usubjid is not null as is_dosed,
        periods.first_dose_dtc,
        periods.first_dose_date,
        periods.next_period_date,
        {{ day_one_of('scheduled', 'periods', "settings.design <> 'crossover'") }} as day_one_date
    from subjects
    cross join settings
    cross join only_arm
    left join periods on subjects.usubjid = periods.usubjid
    left join scheduled on subjects.usubjid = scheduled.usubjid
    left join randomisations on subjects.usubjid = randomisations.usubjid
    left join arms as planned on subjects.arm = planned.arm
    left join arms as actual on subjects.actarm = actual.arm
    -- A crossover's period exists for those who were dosed in it.
    where settings.design <> 'crossover' or periods.usubjid is not null

),

final as (

    select
        usubjid,
        coalesce(known_arm, assumed_arm) as planned_arm,
        coalesce(dosed_arm, case when is_dosed then coalesce(known_arm, assumed_arm) end) as actual_arm,
        -- As treated; who was not randomised has no treatment to be analysed under.
        case when coalesce(known_arm, assumed_arm) is not null then coalesce(dosed_arm, known_arm, assumed_arm) end
            as trta,
        aperiod,
        is_whole_study,
        first_dose_dtc,
        first_dose_date,
        next_period_date,
        day_one_date
    from allocated

)

select * from final
