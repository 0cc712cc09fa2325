with subjects as (

    select * from {{ ref('int_subjects_analysed') }}

),

treatments as (

    select * from {{ ref('int_treatments_allocated') }}

),

scheduled as (

    select * from {{ ref('int_subjects_scheduled') }}

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

expected as (

    select
        subjects.usubjid,
        planned.*,
        case when planned.of_period or settings.design <> 'crossover' then treatments.trta end as trta,
        case when settings.design <> 'crossover' then 1 when planned.of_period then treatments.aperiod end as aperiod,
        case when settings.baseline_of = 'period' and planned.of_period then 'PERIOD ' || treatments.aperiod end
            as basetype,
        -- What days count from, here as in the columns of this name that follow from it.
        {{ day_one_of('scheduled') }} as first_dose_date,
        treatments.first_dose_date as dosed_on
    from subjects
    cross join settings
    left join scheduled on subjects.usubjid = scheduled.usubjid
    left join planned on scheduled.protocol_version is not distinct from planned.version
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
        baselines.avisit as base_avisit,
        expected.aperiod,
        expected.avisitn,
        expected.target_day,
        case when scores.aval is not null then scores.ady end as ady,
        case when scores.aval is not null then scores.delivery_rank end as delivery_rank,
        case when scores.aval is not null then scores.srcseq end as srcseq,
        baselines.delivery_rank as base_delivery_rank,
        baselines.srcseq as base_srcseq,
        scores.aval,
        baselines.aval as base,
        coalesce(scores.aval is not null and scores.adt < expected.dosed_on, false) as is_before_first_dose,
        case when scores.aval is not null then scores.dtc end as dtc,
        -- Of an assessment without a total too: it took place then.
        scores.adt,
        expected.first_dose_date,
        baselines.ady as base_ady,
        baselines.adt as base_adt
    from expected
    left join scores
        on
            expected.usubjid = scores.usubjid and expected.paramcd = scores.paramcd
            and expected.avisit = scores.avisit and expected.aperiod is not distinct from scores.aperiod
            and scores.anl01fl = 'Y'
    left join scores as baselines
        on
            expected.usubjid = baselines.usubjid and expected.paramcd = baselines.paramcd
            and expected.basetype is not distinct from baselines.basetype and baselines.ablfl = 'Y'

)

select * from final
