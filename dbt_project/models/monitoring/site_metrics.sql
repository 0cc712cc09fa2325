with measured as (

    select * from {{ ref('int_site_metrics_measured') }}

),

metrics as (

    select * from {{ source('study', 'metrics') }}

),

-- Turned so that more is graver, whatever is judged.
turned as (

    select
        measured.*,
        metrics.metric_version,
        metrics.label,
        metrics.definition,
        metrics.method,
        metrics.unit,
        metrics.n_unit,
        metrics.judged_by,
        metrics.direction,
        metrics.section,
        metrics.min_n,
        metrics.threshold_amber,
        metrics.threshold_red,
        metrics.tolerated_value,
        case when metrics.judged_by = 'p_value' or metrics.direction = 'low' then -1 else 1 end * case
            when metrics.judged_by = 'score' and metrics.direction = 'both' then abs(measured.score)
            when metrics.judged_by = 'score' then measured.score
            when metrics.judged_by = 'p_value' then measured.p_value
            when metrics.judged_by = 'numerator' then measured.numerator
            else measured.value
        end as gravity,
        case
            when metrics.judged_by = 'p_value' or (metrics.judged_by <> 'score' and metrics.direction = 'low') then -1
            else 1
        end as side
    from measured
    left join metrics
        on measured.metric = metrics.metric

),

explained as (

    select
        *,
        case
            when n = 0 then 'nothing to measure'
            when n < min_n then n || ' ' || n_unit || ', and ' || min_n || ' are asked for'
            when gravity is null then 'nothing to compare with'
        end as flag_reason
    from turned

),

final as (

    select
        studyid,
        siteid,
        metric,
        metric_version,
        label,
        definition,
        method,
        unit,
        n_unit,
        judged_by,
        direction,
        section,
        flag_reason,
        n,
        numerator,
        denominator,
        value,
        expected,
        score,
        p_value,
        min_n,
        threshold_amber,
        threshold_red,
        tolerated_value,
        case
            when flag_reason is not null then null
            when value < tolerated_value then 'GREEN'
            when gravity >= side * threshold_red then 'RED'
            when gravity >= side * threshold_amber then 'AMBER'
            else 'GREEN'
        end as flag
    from explained

)

select * from final
