with doses as (

    select * from {{ ref('int_doses_numbered') }}

),

weights as (

    select * from {{ ref('int_weights_dated') }}

),

treatments as (

    select * from {{ ref('int_treatments_allocated') }}

),

subjects as (

    select * from {{ ref('adsl') }}

),

weighed as (

    select
        doses.*,
        weights.weight_kg,
        treatments.trta
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

final as (

    select
        measured.studyid,
        measured.usubjid,
        subjects.siteid,
        measured.trta,
        measured.extrt,
        measured.excat,
        measured.visit,
        'EX' as srcdom,
        measured.delivery_id,
        measured.source_file,
        measured.aperiod,
        cast(measured.dose_number as integer) as dose_number,
        {{ study_day('measured.adt', 'subjects.rfstdt') }} as ady,
        measured.dose_mg,
        measured.weight_kg,
        measured.dose_mg_per_kg,
        {{ days_between('measured.previous_dose_date', 'measured.adt') }} as days_since_previous_dose,
        measured.srcseq,
        measured.adt
    from measured
    left join subjects
        on measured.usubjid = subjects.usubjid

)

select * from final
