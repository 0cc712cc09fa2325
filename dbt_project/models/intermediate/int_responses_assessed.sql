-- Every assessment with a value after baseline and first dose, unscheduled ones too, judged by each endpoint of its
-- instrument.
with subjects as (

    select * from {{ ref('int_subjects_analysed') }}

),

scores as (

    select * from {{ ref('int_scores_windowed') }}

),

treatments as (

    select * from {{ ref('int_treatments_allocated') }}

),

baselines as (

    select * from {{ ref('int_scores_windowed') }}
    where ablfl = 'Y'

),

endpoints as (

    select * from {{ source('study', 'endpoints') }}

),

compared as (

    select
        scores.*,
        coalesce(scores.ady, scores.target_day) as assessment_day,
        baselines.aval as base,
        baselines.avisitn as base_avisitn,
        -- Day 1, unless study days count from another day than the first dose.
        coalesce({{ study_day('treatments.first_dose_date', 'treatments.day_one_date') }}, 1) as dose_day
    from scores
    inner join subjects
        on scores.usubjid = subjects.usubjid
    left join baselines
        on
            scores.usubjid = baselines.usubjid
            and scores.paramcd = baselines.paramcd
            and scores.basetype is not distinct from baselines.basetype
    left join treatments
        on scores.usubjid = treatments.usubjid and scores.aperiod = treatments.aperiod
    where
        subjects.analysfl = 'Y'
        and scores.aval is not null
        and scores.ablfl is null

),

final as (

    select
        compared.usubjid,
        compared.trta,
        endpoints.endpoint,
        compared.paramcd as instrument,
        compared.dtc,
        compared.aperiod,
        compared.assessment_day as ady,
        compared.delivery_rank,
        compared.srcseq,
        compared.aval,
        compared.base,
        {{ response_is_met('compared.aval', 'compared.base', 'endpoints') }} as is_response,
        {{ remission_is_met('compared.aval', 'endpoints') }} as is_remission,
        compared.adt,
        compared.first_dose_date
    from compared
    inner join endpoints
        on compared.paramcd = endpoints.paramcd
    where
        compared.assessment_day > compared.dose_day
        -- On the day of the first dose the order of the visits decides.
        or (compared.assessment_day = compared.dose_day and compared.avisitn > compared.base_avisitn)

)

select * from final
