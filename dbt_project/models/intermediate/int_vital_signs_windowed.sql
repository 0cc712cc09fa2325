with results as (

    select * from {{ ref('int_vital_signs_dated') }}

),

{{ placed_in_visits('results') }},

final as (

    select
        studyid,
        usubjid,
        siteid,
        case when is_in_period then trta end as trta,
        paramcd,
        param,
        visit,
        avisit,
        atpt,
        qualifiers,
        avalu,
        delivery_id,
        source_file,
        delivery_rank,
        avisitn,
        analysis_day as ady,
        aval,
        srcseq,
        has_limits,
        ablfl,
        anl01fl,
        adtf,
        dtc,
        adt
    from placed

)

select * from final
