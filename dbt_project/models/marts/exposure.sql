with doses as (

    select * from {{ ref('int_doses_measured') }}

),

subjects as (

    select * from {{ ref('adsl') }}

),

settings as (

    select * from {{ source('study', 'settings') }}

),

placed as (

    select
        doses.*,
        subjects.siteid,
        settings.maintenance_after_day,
        settings.infusion_minutes,
        {{ study_day('doses.adt', 'subjects.rfstdt') }} as ady
    from doses
    cross join settings
    left join subjects
        on doses.usubjid = subjects.usubjid

),

final as (

    select
        studyid,
        usubjid,
        siteid,
        trta,
        extrt,
        excat,
        case
            when upper(excat) in ('INITIAL', 'MAINTENANCE') then upper(excat)
            when ady > maintenance_after_day then 'MAINTENANCE'
            when ady <= maintenance_after_day then 'INITIAL'
        end as phase,
        visit,
        'EX' as srcdom,
        delivery_id,
        source_file,
        aperiod,
        cast(dose_number as integer) as dose_number,
        ady,
        dose_mg,
        weight_kg,
        dose_mg_per_kg,
        planned_dose,
        cast(
            cast(100 * deviation / cast(planned_dose as decimal(18, 6)) as decimal(18, 2)) as double
        ) as dose_deviation_pct,
        duration_minutes,
        {{ days_between('previous_dose_date', 'adt') }} as days_since_previous_dose,
        srcseq,
        {{ flag('abs(deviation) * 100 > cast(tolerance_pct * planned_dose as decimal(18, 6))') }} as dose_deviation_fl,
        {{ flag('duration_minutes < infusion_minutes') }} as stopped_early_fl,
        weight_date,
        adt
    from placed

)

select * from final
