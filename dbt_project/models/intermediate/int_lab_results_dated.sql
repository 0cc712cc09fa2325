{{ config(materialized='view') }}

with delivered as (

    select * from {{ ref('stg_landed__lab_results') }}

),

{{ assessments_dated('delivered', 'lbdtc') }},

{{ results_quantified('assessed') }}

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
        results.lbtestcd as paramcd,
        results.label as param,
        results.unit as avalu,
        results.protocol_version,
        '*' as window_key,
        results.lbdtc as dtc,
        results.atpt as chosen_within,
        treatments.trta,
        treatments.aperiod,
        settings.design = 'crossover' as is_crossover,
        {{ quantified_value('results') }} as aval,
        {{ quantified_by('results') }} as dtype,
        {{ sign_and_digits('results.lborres') }} as reported,
        {{ limit_flag('results', 'is_below', 'is_above') }} as blqfl,
        {{ limit_flag('results', 'is_above', 'is_below') }} as alqfl,
        treatments.first_dose_dtc,
        coalesce(treatments.first_dose_date, subjects.trtsdt) as first_dose_date,
        {{ study_day('results.assessed_on', day_one_of('results')) }} as ady
    from converted as results
    cross join settings
    left join treatments
        on {{ is_assessed_in('treatments', 'results', 'results.assessed_on') }}
    left join subjects
        on results.usubjid = subjects.usubjid

)

select * from final
