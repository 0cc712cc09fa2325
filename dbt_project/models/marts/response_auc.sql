with scores as (

    select * from {{ ref('int_scores_planned') }}

),

areas as (

    select * from {{ source('study', 'response_areas') }}

),

sums as (

    select * from {{ ref('int_response_curves_summed') }}

),

subjects as (

    select * from {{ ref('adsl') }}

),

deliveries as (

    select * from {{ ref('stg_landed__deliveries') }}

),

measured as (

    select
        scores.*,
        areas.missing_rule,
        sums.last_delivery_rank,
        sums.last_srcseq,
        coalesce(sums.assessments, 0) as assessments,
        coalesce(scores.ady, scores.target_day) as end_day,
        case
            when scores.base is null then 'NO BASELINE'
            when scores.base = 0 then 'BASELINE IS 0'
            when sums.usubjid is null then 'NOT ASSESSED AFTER BASELINE'
            when scores.aval is null and areas.missing_rule = 'observed' then 'NOT ASSESSED AT THE VISIT'
        end as missing_reason,
        sums.doubled_area,
        sums.last_reduction,
        sums.last_day
    from areas
    inner join scores on areas.endpoint = scores.endpoint and areas.visit = scores.avisit
    left join sums
        on
            scores.usubjid = sums.usubjid and scores.endpoint = sums.endpoint and scores.avisit = sums.avisit
            and areas.missing_rule = sums.missing_rule and scores.aperiod is not distinct from sums.aperiod

),

summed as (

    select
        *,
        ({{ elapsed('end_day') }}) - 1 as days,
        case
            when missing_reason is null
                then 50 * cast(doubled_area + 2 * last_reduction * (end_day - last_day) as double) / base
        end as area_percent_days
    from measured

),

final as (

    select
        subjects.studyid,
        summed.usubjid,
        subjects.siteid,
        summed.trta,
        summed.endpoint,
        summed.paramcd,
        summed.avisit,
        summed.missing_rule,
        case when summed.missing_reason is null and summed.aval is null then 'LOCF' end as dtype,
        summed.missing_reason,
        case when summed.last_delivery_rank is not null then 'QS' end as srcdom,
        deliveries.delivery_id,
        deliveries.file as source_file,
        summed.aperiod,
        cast(summed.days as integer) as days,
        case when summed.days > 0 then summed.area_percent_days / summed.days end as aval,
        summed.area_percent_days,
        summed.base,
        cast(summed.assessments as integer) as assessments,
        summed.last_srcseq as srcseq
    from summed
    left join subjects on summed.usubjid = subjects.usubjid
    left join deliveries on summed.last_delivery_rank = deliveries.delivery_rank

)

select * from final
