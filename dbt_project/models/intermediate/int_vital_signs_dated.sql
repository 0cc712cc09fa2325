{{ config(materialized='view') }}

with delivered as (

    select * from {{ ref('stg_landed__vital_signs') }}

),

{{ assessments_dated('delivered', 'vsdtc') }},

vital_signs as (

    select * from {{ source('study', 'vital_signs') }}

),

treatments as (

    select * from {{ ref('int_treatments_allocated') }}

),

subjects as (

    select * from {{ ref('int_subjects_classified') }}

),

final as (

    select
        results.studyid,
        results.usubjid,
        results.siteid,
        results.visit,
        results.atpt,
        results.qualifiers,
        results.delivery_id,
        results.source_file,
        results.delivery_rank,
        results.srcseq,
        results.adtf,
        results.assessed_on as adt,
        results.vstestcd as paramcd,
        coalesce(vital_signs.label, results.vstest, results.vstestcd) as param,
        coalesce(results.vsstresu, vital_signs.unit) as avalu,
        results.protocol_version,
        '*' as window_key,
        results.vsdtc as dtc,
        results.atpt as chosen_within,
        treatments.trta,
        treatments.aperiod,
        settings.design = 'crossover' as is_crossover,
        treatments.first_dose_dtc,
        results.vsstresn as aval,
        -- A limit holds in its own unit only.
        coalesce(coalesce(results.vsstresu, vital_signs.unit) = vital_signs.unit, false) as has_limits,
        coalesce(treatments.first_dose_date, subjects.trtsdt) as first_dose_date,
        {{ study_day('results.assessed_on', day_one_of('results')) }} as ady
    from assessed as results
    cross join settings
    left join vital_signs
        on results.vstestcd = vital_signs.vstestcd
    left join treatments
        on {{ is_assessed_in('treatments', 'results', 'results.assessed_on') }}
    left join subjects
        on results.usubjid = subjects.usubjid

)

select * from final
