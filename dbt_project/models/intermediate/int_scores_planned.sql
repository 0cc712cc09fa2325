with subjects as (

    select * from {{ ref('int_subjects_analysed') }}

),

treatments as (

    select * from {{ ref('int_treatments_allocated') }}

),

planned as (

    select * from {{ ref('int_visits_planned') }}

),

scores as (

    select * from {{ ref('int_scores_windowed') }}

),

settings as (

    select * from {{ source('study', 'settings') }}

),

baselines as (

    select
        usubjid,
        paramcd,
        avisit as base_avisit,
        delivery_rank as base_delivery_rank,
        srcseq as base_srcseq,
        ady as base_ady,
        adt as base_adt,
        aval as base
    from scores
    where ablfl = 'Y'

),

expected as (

    select
        subjects.usubjid,
        planned.*,
        case when planned.of_period or settings.design <> 'crossover' then treatments.trta end as trta,
        case when settings.design <> 'crossover' then 1 when planned.of_period then treatments.aperiod end as aperiod,
        treatments.first_dose_date
    from subjects
    cross join settings
    cross join planned
    left join treatments on subjects.usubjid = treatments.usubjid and (planned.of_period or treatments.aperiod = 1)
    where
        subjects.analysfl = 'Y'
        -- A crossover's period exists for those who were treated in it.
        and (treatments.usubjid is not null or settings.design <> 'crossover' or not planned.of_period)

),

final as (

    select
        expected.usubjid,
        expected.trta,
        expected.endpoint,
        expected.paramcd,
        expected.avisit,
        baselines.base_avisit,
        expected.aperiod,
        expected.avisitn,
        expected.target_day,
        scores.ady,
        scores.delivery_rank,
        scores.srcseq,
        baselines.base_delivery_rank,
        baselines.base_srcseq,
        scores.aval,
        baselines.base,
        scores.dtc,
        scores.adt,
        expected.first_dose_date,
        baselines.base_ady,
        baselines.base_adt
    from expected
    left join scores
        on
            expected.usubjid = scores.usubjid and expected.paramcd = scores.paramcd
            and expected.avisit = scores.avisit and expected.aperiod is not distinct from scores.aperiod
            and scores.anl01fl = 'Y' and scores.aval is not null
    left join baselines on expected.usubjid = baselines.usubjid and expected.paramcd = baselines.paramcd

)

select * from final
