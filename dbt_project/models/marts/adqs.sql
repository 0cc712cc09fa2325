with scores as (

    select * from {{ ref('int_scores_windowed') }}

),

baselines as (

    select * from {{ ref('int_scores_windowed') }}
    where ablfl = 'Y'

),

subjects as (

    select * from {{ ref('adsl') }}

),

deliveries as (

    select * from {{ ref('stg_landed__deliveries') }}

),

settings as (

    select * from {{ source('study', 'settings') }}

),

compared as (

    select
        scores.*,
        baselines.aval as base,
        -- A change is defined after baseline only: by the day where it is known, else by the order of the visits.
        scores.ablfl is null
        and (coalesce(baselines.dtype, '') <> 'AVERAGE' or not scores.is_baseline_candidate)
        and coalesce(scores.ady >= baselines.ady, scores.avisitn > baselines.avisitn, false) as is_after_baseline
    from scores
    -- A left join: a subject without a baseline stays, and counts as missing.
    left join baselines
        on
            scores.usubjid = baselines.usubjid
            and scores.paramcd = baselines.paramcd
            and scores.basetype is not distinct from baselines.basetype

),

final as (

    select
        settings.studyid,
        compared.usubjid,
        coalesce(subjects.siteid, deliveries.siteid) as siteid,
        compared.trta,
        compared.paramcd,
        compared.param,
        compared.avisit,
        compared.atpt,
        compared.qualifiers,
        compared.basetype,
        compared.avalcat1,
        compared.dtype,
        case when coalesce(compared.dtype, '') <> 'AVERAGE' then compared.total_source end as total_source,
        compared.missing_reason,
        'QS' as srcdom,
        deliveries.delivery_id,
        deliveries.file as source_file,
        compared.aperiod,
        compared.avisitn,
        compared.ady,
        compared.aval,
        compared.base,
        case when compared.is_after_baseline then compared.aval - compared.base end as chg,
        case when compared.is_after_baseline then {{ percent_change('compared.aval', 'compared.base') }} end as pchg,
        compared.items_answered,
        compared.items_expected,
        compared.item_sum,
        compared.collected_total,
        compared.srcseq,
        compared.source_rows,
        compared.ablfl,
        compared.anl01fl,
        compared.adtf,
        compared.adt
    from compared
    cross join settings
    left join subjects
        on compared.usubjid = subjects.usubjid
    left join deliveries
        on compared.delivery_rank = deliveries.delivery_rank

)

select * from final
