-- Every score that a definition of onset looks at, in order, missed visits included: met, not met, or not known.
with kept as (

    select * from {{ ref('int_scores_by_estimand') }}

),

scores as (

    select * from {{ ref('int_scores_sequenced') }}

),

definitions as (

    select * from {{ source('study', 'onset') }}

),

endpoints as (

    select * from {{ source('study', 'endpoints') }}

),

further as (

    select * from {{ ref('int_further_scores_judged') }}

),

doses as (

    select
        usubjid,
        aperiod,
        adt as dosed_on,
        min(case when length(dtc) >= 16 then dtc end) as dosed_dtc,
        row_number() over (partition by usubjid, aperiod order by adt) as day_number
    from {{ ref('int_doses_numbered') }}
    where adt is not null
    group by usubjid, aperiod, adt

),

judged as (

    select
        kept.*,
        definitions.*,
        scores.ady,
        scores.delivery_rank,
        scores.srcseq,
        scores.aval,
        case when scores.aval is not null then scores.adt end as adt,
        scores.first_dose_date,
        coalesce(scores.ady, scores.target_day) as study_day,
        {{ hours_between('doses.dosed_dtc', 'scores.dtc') }} as hours_since_dose,
        case
            when kept.strategy = 'composite' and kept.is_after_event then false
            when not kept.is_kept or scores.adt < doses.dosed_on then null
            when definitions.measure = 'remission' then {{ remission_is_met('scores.aval', 'endpoints') }}
            else {{ response_is_met('scores.aval', 'kept.base', 'endpoints') }}
        end as is_met
    from kept
    inner join definitions
        on
            kept.endpoint = definitions.of_endpoint and kept.estimand = definitions.of_estimand
            and (kept.kind = 'PLANNED' or definitions.uses_unscheduled)
    left join endpoints on kept.endpoint = endpoints.endpoint
    left join scores
        on
            kept.usubjid = scores.usubjid and kept.endpoint = scores.endpoint
            and kept.aperiod is not distinct from scores.aperiod and kept.place = scores.place
    left join further
        on {{ further_score_of('kept', 'kept.avisit', 'scores.adt') }}
    left join doses on kept.usubjid = doses.usubjid and kept.aperiod = doses.aperiod and doses.day_number = 1

),

-- An unscheduled assessment belongs to the stretch before the next planned visit.
final as (

    select
        *,
        min(case when kind = 'PLANNED' then avisitn end) over later as next_avisitn,
        min(case when is_met then place end) over everything as first_place
    from judged
    window
        later as (
            partition by usubjid, paramcd, aperiod order by place rows between current row and unbounded following
        ),
        everything as (partition by usubjid, paramcd, aperiod)

)

select * from final
