with results as (

    select * from {{ ref('int_vital_signs_compared') }}

),

subjects as (

    select * from {{ ref('adsl') }}

),

doses as (

    select * from {{ ref('int_doses_numbered') }}

),

final as (

    select
        results.studyid,
        results.usubjid,
        coalesce(subjects.siteid, results.siteid) as siteid,
        results.trta,
        results.paramcd,
        results.param,
        results.avisit,
        results.atpt,
        results.qualifiers,
        results.basetype,
        results.dtype,
        results.avalu,
        case when results.above_limit then results.above_crit when results.below_limit then results.below_crit end
            as alert,
        case when results.above_rise then results.rise_crit when results.above_fall then results.fall_crit end
            as change_alert,
        'VS' as srcdom,
        results.delivery_id,
        results.source_file,
        results.aperiod,
        results.avisitn,
        results.ady,
        results.aval,
        results.base,
        results.aval - results.base as chg,
        {{ days_between('doses.adt', 'results.adt') }} as days_since_dose,
        {{ minutes_since_dose('doses.dtc', 'results.dtc', 'results.atpt') }} as minutes_since_dose,
        results.srcseq,
        {{ either_flag('results.above_limit', 'results.below_limit') }} as alertfl,
        {{ either_flag('results.above_rise', 'results.above_fall') }} as change_alertfl,
        results.ablfl,
        results.anl01fl,
        results.adtf,
        results.adt
    from results
    left join subjects
        on results.usubjid = subjects.usubjid
    left join doses
        on {{ is_last_dose_before('doses', 'results', 'results.adt') }}

)

select * from final
