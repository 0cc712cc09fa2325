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
        basetype,
        mean_dtype as dtype,
        avalu,
        delivery_id,
        source_file,
        delivery_rank,
        case when is_in_period then aperiod end as aperiod,
        avisitn,
        analysis_day as ady,
        analysis_value as aval,
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
