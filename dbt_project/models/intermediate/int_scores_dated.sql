{{ config(materialized='view') }}

with totals as (

    select * from {{ ref('int_scores_totalled') }}

),

{{ assessments_dated('totals', 'qsdtc') }},

treatments as (

    select * from {{ ref('int_treatments_allocated') }}

),

-- In a crossover an arm names a period, unless the subject got it twice.
periods_by_arm as (

    select
        usubjid,
        planned_arm as arm,
        min(aperiod) as aperiod
    from treatments
    where not is_whole_study
    group by usubjid, planned_arm
    having count(*) = 1

),

placed as (

    select
        scores.*,
        settings.design = 'crossover' as is_crossover,
        case
            when settings.design <> 'crossover' then 1
            else coalesce(scores.period, periods_by_arm.aperiod, periods_by_date.aperiod)
        end as aperiod
    from assessed as scores
    cross join settings
    left join periods_by_arm
        on
            scores.usubjid = periods_by_arm.usubjid
            and scores.arm = periods_by_arm.arm
    left join treatments as periods_by_date
        on
            {{ is_assessed_in('periods_by_date', 'scores', 'scores.assessed_on') }}
            and not periods_by_date.is_whole_study

),

endpoints as (

    select distinct paramcd
    from {{ source('study', 'endpoints') }}

),

final as (

    select
        placed.*,
        placed.assessed_on as adt,
        placed.paramcd as window_key,
        placed.qsdtc as dtc,
        -- An endpoint's scale has one value a visit; other scales have one a visit and time point.
        case when endpoints.paramcd is null then placed.atpt end as chosen_within,
        treatments.trta,
        treatments.first_dose_dtc,
        treatments.first_dose_date,
        {{ study_day('placed.assessed_on', day_one_of('placed')) }} as ady
    from placed
    -- Before the first period, days count back from its dose.
    left join treatments
        on
            placed.usubjid = treatments.usubjid
            and coalesce(placed.aperiod, 1) = treatments.aperiod
    left join endpoints
        on placed.paramcd = endpoints.paramcd

)

select * from final
