-- Every assessment after the first response, unscheduled ones too.
with starts as (

    select * from {{ ref('int_responses_started') }}

),

scores as (

    select * from {{ ref('int_scores_windowed') }}

),

final as (

    select
        starts.usubjid,
        starts.paramcd,
        starts.endpoint,
        scores.avisit,
        scores.dtc,
        starts.aperiod,
        starts.start_day,
        coalesce(scores.ady, scores.target_day) as ady,
        scores.delivery_rank,
        scores.srcseq,
        scores.aval,
        starts.base,
        scores.adt
    from starts
    inner join scores
        on
            starts.usubjid = scores.usubjid
            and starts.instrument = scores.paramcd
            and starts.aperiod is not distinct from scores.aperiod
            and coalesce(scores.ady, scores.target_day) > starts.start_day
    where scores.aval is not null

)

select * from final
