with doses as (

    select * from {{ ref('int_doses_numbered') }}

),

weights as (

    select * from {{ ref('int_weights_dated') }}

),

treatments as (

    select * from {{ ref('int_treatments_allocated') }}

),

planned as (

    select * from {{ source('study', 'planned_doses') }}

),

weighed as (

    select
        doses.*,
        weights.weight_kg,
        weights.valid_from as weight_date,
        treatments.trta,
        planned.planned_dose,
        planned.planned_unit,
        planned.tolerance_pct,
        {{ minutes_between('doses.dtc', 'doses.endtc') }} as duration_minutes
    from doses
    left join weights
        on
            doses.usubjid = weights.usubjid
            and doses.adt >= weights.valid_from
            and (doses.adt < weights.valid_until or weights.valid_until is null)
    left join treatments
        on
            doses.usubjid = treatments.usubjid
            and doses.aperiod = treatments.aperiod
    left join planned
        on treatments.trta = planned.arm

),

measured as (

    select
        *,
        case exdosu
            when 'mg' then exdose
            when 'mg/kg' then exdose * weight_kg
        end as dose_mg,
        case exdosu
            when 'mg' then exdose / weight_kg
            when 'mg/kg' then exdose
        end as dose_mg_per_kg
    from weighed

),

-- Decimals: a dose at exactly the tolerance is no deviation, whatever a division of floating-point numbers gives.
final as (

    select
        *,
        cast(case planned_unit when 'mg' then dose_mg when 'mg/kg' then dose_mg_per_kg end as decimal(18, 6))
        - cast(planned_dose as decimal(18, 6)) as deviation
    from measured

)

select * from final
