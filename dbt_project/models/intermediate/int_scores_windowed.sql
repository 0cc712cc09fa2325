with scores as (

    select * from {{ ref('int_scores_dated') }}

),

{{ placed_in_visits('scores') }},

final as (

    select
        usubjid,
        case when is_in_period then trta end as trta,
        paramcd,
        param,
        avisit,
        atpt,
        qualifiers,
        avalcat1,
        dtype,
        total_source,
        missing_reason,
        case when is_in_period then aperiod end as aperiod,
        avisitn,
        target_day,
        analysis_day as ady,
        items_answered,
        items_expected,
        source_rows,
        delivery_rank,
        srcseq,
        item_sum,
        collected_total,
        aval,
        ablfl,
        anl01fl,
        adtf,
        dtc,
        adt,
        first_dose_date
    from placed

)

select * from final
