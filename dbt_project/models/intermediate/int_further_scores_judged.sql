{{ config(materialized='view') }}

-- What other instruments say of a response at each visit (of an unscheduled assessment on its day): met, not met, or
-- not known where one has no value and no other is against it. Of the other instrument counts the analysed score of the
-- visit, else the last one of the same day.
with scores as (

    select * from {{ ref('int_scores_windowed') }}
    where aval is not null

),

conditions as (

    select * from {{ source('study', 'response_conditions') }}

),

asked as (

    select distinct
        scores.usubjid,
        conditions.endpoint,
        conditions.condition_number,
        conditions.further_paramcd,
        conditions.further_min_score,
        conditions.further_max_score,
        conditions.further_strict,
        scores.avisit,
        scores.aperiod,
        scores.adt
    from scores
    inner join conditions
        on scores.paramcd = conditions.paramcd
    where scores.anl01fl = 'Y' or scores.avisit = 'UNSCHEDULED'

),

ranked as (

    select
        asked.*,
        further.aval,
        row_number() over (
            partition by asked.usubjid, asked.endpoint, asked.condition_number, asked.aperiod, asked.avisit, asked.adt
            order by
                case when asked.avisit = further.avisit then 0 else 1 end,
                further.dtc desc nulls last,
                further.delivery_rank desc,
                further.srcseq desc
        ) as candidate
    from asked
    left join scores as further
        on
            asked.usubjid = further.usubjid
            and asked.further_paramcd = further.paramcd
            and asked.aperiod is not distinct from further.aperiod
            and ((asked.avisit = further.avisit and further.anl01fl = 'Y') or asked.adt = further.adt)

),

judged as (

    select
        *,
        case
            when further_strict
                then coalesce(aval > further_min_score, true) and coalesce(aval < further_max_score, true)
            else coalesce(aval >= further_min_score, true) and coalesce(aval <= further_max_score, true)
        end as is_met
    from ranked
    where candidate = 1

),

final as (

    select
        usubjid,
        endpoint,
        avisit,
        aperiod,
        case
            when count(case when aval is not null and not is_met then 1 end) > 0 then false
            when count(aval) = count(*) then true
        end as is_further_met,
        adt
    from judged
    group by usubjid, endpoint, avisit, aperiod, adt

)

select * from final
