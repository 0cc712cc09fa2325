with onsets as (

    select * from {{ ref('int_onsets_dated') }}

),

scores as (

    select * from {{ ref('int_onset_scores_judged') }}

),

definitions as (

    select * from {{ source('study', 'onset') }}

),

subjects as (

    select * from {{ ref('adsl') }}

),

treatments as (

    select * from {{ ref('int_treatments_allocated') }}

),

deliveries as (

    select * from {{ ref('stg_landed__deliveries') }}

),

ended as (

    select
        onsets.*,
        scores.avisit,
        scores.ady,
        scores.hours_since_dose,
        scores.delivery_rank,
        scores.srcseq,
        case when onsets.first_place is null then 1 else 0 end as cnsr,
        cast(coalesce(scores.study_day, case when onsets.first_dose_date is not null then 1 end) as double) as days,
        case when scores.place is null then onsets.first_dose_date else scores.adt end as adt
    from onsets
    left join scores
        on
            onsets.usubjid = scores.usubjid and onsets.paramcd = scores.paramcd
            and onsets.aperiod is not distinct from scores.aperiod
            and coalesce(onsets.first_place, onsets.last_place) = scores.place

),

final as (

    select
        subjects.studyid,
        ended.usubjid,
        subjects.siteid,
        ended.trta,
        ended.endpoint,
        ended.paramcd,
        definitions.param,
        ended.estimand,
        'DAYS' as avalu,
        case when ended.cnsr = 0 then upper(ended.measure) end as evntdesc,
        {{ onset_censoring_reason('ended', 'subjects', 'treatments.next_period_date is not null') }} as cnsdtdsc,
        definitions.crit1,
        definitions.crit2,
        ended.avisit,
        case when ended.delivery_rank is not null then 'QS' end as srcdom,
        deliveries.delivery_id,
        deliveries.file as source_file,
        ended.aperiod,
        ended.days as aval,
        case when ended.cnsr = 1 then ended.days else cast(coalesce(ended.lower_day, 1) as double) end as lower_days,
        case when ended.cnsr = 0 then ended.days end as upper_days,
        ended.hours_since_dose,
        cast(case when ended.cnsr = 0 then ended.excursions end as integer) as excursions,
        ended.ady,
        ended.cnsr,
        ended.srcseq,
        ended.rapidfl as crit1fl,
        ended.keptfl as crit2fl,
        ended.first_dose_date as startdt,
        ended.adt
    from ended
    left join definitions on ended.paramcd = definitions.paramcd
    left join subjects on ended.usubjid = subjects.usubjid
    left join treatments on ended.usubjid = treatments.usubjid and ended.aperiod = treatments.aperiod
    left join deliveries on ended.delivery_rank = deliveries.delivery_rank

)

select * from final
