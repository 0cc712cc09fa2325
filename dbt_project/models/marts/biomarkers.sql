with results as (

    select * from {{ ref('int_lab_results_windowed') }}

),

subjects as (

    select * from {{ ref('adsl') }}

),

baselines as (

    select
        usubjid,
        paramcd,
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
        results.avalu,
        'LB' as srcdom,
        results.delivery_id,
        results.source_file,
        results.avisitn,
        results.ady,
        results.aval,
        baselines.aval as base,
        case when results.ablfl is null then results.aval - baselines.aval end as chg,
        case when baselines.aval <> 0 then results.aval / baselines.aval end as ratio_to_base,
        results.srcseq,
        case
            when results.lborres like '<%' then 'Y'
            when results.aval < results.lower_limit then 'Y'
            when results.aval is not null then 'N'
        end as blqfl,
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

)

select * from final
