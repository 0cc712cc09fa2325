with results as (

    select * from {{ ref('int_lab_results_windowed') }}

),

subjects as (

    select * from {{ ref('adsl') }}

),

doses as (

    select * from {{ ref('int_doses_numbered') }}

),

baselines as (

    select
        usubjid,
        paramcd,
        basetype,
        aval
    from results
    where ablfl = 'Y'

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
        results.avalu,
        case when results.blqfl = 'Y' or results.alqfl = 'Y' then results.reported end as avalc,
        results.dtype,
        'LB' as srcdom,
        results.delivery_id,
        results.source_file,
        results.aperiod,
        results.avisitn,
        results.ady,
        results.aval,
        baselines.aval as base,
        case when results.ablfl is null then results.aval - baselines.aval end as chg,
        case when results.ablfl is null then {{ percent_change('results.aval', 'baselines.aval') }} end as pchg,
        case when baselines.aval <> 0 then results.aval / baselines.aval end as ratio_to_base,
        {{ days_between('doses.adt', 'results.adt') }} as days_since_dose,
        {{ minutes_since_dose('doses.dtc', 'results.dtc', 'results.atpt') }} as minutes_since_dose,
        results.srcseq,
        results.blqfl,
        results.alqfl,
        results.ablfl,
        results.anl01fl,
        results.adtf,
        results.adt
    from results
    left join subjects
        on results.usubjid = subjects.usubjid
    left join baselines
        on
            results.usubjid = baselines.usubjid
            and results.paramcd = baselines.paramcd
            and results.basetype is not distinct from baselines.basetype
    left join doses
        on {{ is_last_dose_before('doses', 'results', 'results.adt') }}

)

select * from final
