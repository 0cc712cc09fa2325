-- Every assessment after baseline with a value, unscheduled ones too, judged by each endpoint of its instrument.
with subjects as (

    select * from {{ ref('int_subjects_analysed') }}

),

scores as (

    select * from {{ ref('int_scores_windowed') }}

),

endpoints as (

    select * from {{ source('study', 'endpoints') }}

),

baselines as (

    select
        usubjid,
        paramcd,
        basetype,
        avisitn,
        aval
    from scores
    where ablfl = 'Y'

),

compared as (

    select
        scores.*,
        coalesce(scores.ady, scores.target_day) as assessment_day,
        baselines.aval as base
    from scores
    inner join subjects
        on scores.usubjid = subjects.usubjid
    left join baselines
        on
            scores.usubjid = baselines.usubjid
            and scores.paramcd = baselines.paramcd
            and scores.basetype is not distinct from baselines.basetype
    where
        subjects.analysfl = 'Y'
        and scores.aval is not null
        and scores.ablfl is null
        and (
            coalesce(scores.ady, scores.target_day) > 1
            -- On the day of the baseline the order of the visits decides.
            or (coalesce(scores.ady, scores.target_day) = 1 and scores.avisitn > baselines.avisitn)
        )

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

)

select * from final
