-- What was measured on a day of dosing around the dose: vital signs, and the scores that the study file asks for.
with vital_signs as (

    select * from {{ ref('advs') }}

),

scores as (

    select * from {{ ref('adqs') }}

),

sought as (

    select * from {{ source('study', 'session_peaks_sought') }}

),

signs as (

    select * from {{ source('study', 'vital_signs') }}

),

doses as (

    select * from {{ ref('int_doses_numbered') }}

),

measurements as (

    select
        vital_signs.studyid,
        vital_signs.usubjid,
        vital_signs.siteid,
        vital_signs.trta,
        vital_signs.paramcd,
        vital_signs.param,
        vital_signs.avisit,
        vital_signs.atpt,
        vital_signs.avalu,
        vital_signs.srcdom,
        vital_signs.delivery_id,
        vital_signs.source_file,
        vital_signs.aval,
        vital_signs.minutes_since_dose,
        vital_signs.srcseq,
        vital_signs.adt
    from vital_signs
    inner join signs
        on vital_signs.paramcd = signs.vstestcd
    where vital_signs.avalu = signs.unit
    union all
    select
        scores.studyid,
        scores.usubjid,
        scores.siteid,
        scores.trta,
        scores.paramcd,
        scores.param,
        scores.avisit,
        scores.atpt,
        null as avalu,
        scores.srcdom,
        scores.delivery_id,
        scores.source_file,
        scores.aval,
        {{ timepoint_minutes('scores.atpt') }} as minutes_since_dose,
        scores.srcseq,
        scores.adt
    from scores
    inner join sought
        on scores.paramcd = sought.paramcd

),

final as (

    select
        measurements.*,
        doses.dose_number,
        coalesce(measurements.atpt = 'PRE-DOSE', false) or coalesce(measurements.minutes_since_dose < 0, false)
            as is_before_dose
    from measurements
    inner join doses
        on
            {{ is_last_dose_before('doses', 'measurements', 'measurements.adt') }}
            and measurements.adt = doses.adt
    where
        measurements.aval is not null
        and (measurements.atpt is not null or measurements.minutes_since_dose is not null)

)

select * from final
