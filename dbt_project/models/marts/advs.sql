with results as (

    select * from {{ ref('int_vital_signs_windowed') }}

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

-- The value before dosing at the same visit and day: what a rise during the session is measured from.
before_dosing as (

    select
        usubjid,
        paramcd,
        visit,
        adt,
        aval,
        row_number() over (
            partition by usubjid, paramcd, visit, adt
            order by dtc desc nulls last, delivery_rank desc, srcseq desc
        ) as candidate
    from results
    where
        atpt = 'PRE-DOSE'
        and aval is not null

),

compared as (

    select
        results.*,
        coalesce(before_dosing.aval, baselines.aval) as base
    from results
    left join before_dosing
        on
            results.usubjid = before_dosing.usubjid
            and results.paramcd = before_dosing.paramcd
            and results.visit is not distinct from before_dosing.visit
            and results.adt is not distinct from before_dosing.adt
            and before_dosing.candidate = 1
    left join baselines
        on
            results.usubjid = baselines.usubjid
            and results.paramcd = baselines.paramcd

),

final as (

    select
        compared.studyid,
        compared.usubjid,
        coalesce(subjects.siteid, compared.siteid) as siteid,
        compared.trta,
        compared.paramcd,
        compared.param,
        compared.avisit,
        compared.atpt,
        compared.qualifiers,
        compared.avalu,
        'VS' as srcdom,
        compared.delivery_id,
        compared.source_file,
        compared.avisitn,
        compared.ady,
        compared.aval,
        compared.base,
        compared.aval - compared.base as chg,
        compared.srcseq,
        case
            when compared.alert_strict then {{ flag('compared.aval > compared.alert_above') }}
            else {{ flag('compared.aval >= compared.alert_above') }}
        end as alertfl,
        compared.ablfl,
        compared.anl01fl,
        compared.adtf,
        compared.adt
    from compared
    left join subjects
        on compared.usubjid = subjects.usubjid

)

select * from final
