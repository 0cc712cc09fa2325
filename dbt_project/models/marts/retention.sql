with courses as (

    select * from {{ ref('durability') }}

),

scores as (

    select * from {{ ref('int_scores_planned') }}

),

landmarks as (

    select * from {{ source('study', 'durability_landmarks') }}

),

visits as (

    select * from {{ source('study', 'version_visits') }}

),

scheduled as (

    select * from {{ ref('int_subjects_scheduled') }}

),

placed as (

    select
        courses.*,
        landmarks.landmark,
        visits.is_planned,
        -- A visit lies on the day on which the subject was seen at it, else on its target day.
        coalesce(
            landmarks.landmark_days,
            cast(courses.aval as integer) - ({{ elapsed('courses.ady') }})
            + ({{ elapsed('coalesce(scores.ady, scores.target_day, visits.target_day)') }})
        ) as landmark_days
    from courses
    inner join landmarks on courses.paramcd = landmarks.paramcd
    left join scheduled on courses.usubjid = scheduled.usubjid
    left join visits on landmarks.visit = visits.visit and scheduled.protocol_version = visits.version
    left join scores
        on
            courses.usubjid = scores.usubjid and courses.endpoint = scores.endpoint
            and courses.aperiod is not distinct from scores.aperiod
            and landmarks.visit = scores.avisit and scores.aval is not null

),

judged as (

    select
        *,
        case
            when landmark_days < 1 then null
            when cnsr = 0 and aval <= landmark_days then 'N'
            when aval >= landmark_days then 'Y'
        end as retainfl
    from placed

),

final as (

    select
        studyid,
        usubjid,
        siteid,
        trta,
        endpoint,
        paramcd,
        param,
        landmark,
        case
            when retainfl is not null then null
            when not is_planned then 'NOT PLANNED'
            when landmark_days < 1 then 'NOT STARTED'
            else cnsdtdsc
        end as missing_reason,
        srcdom,
        delivery_id,
        source_file,
        aperiod,
        cast(landmark_days as integer) as landmark_days,
        aval,
        cnsr,
        srcseq,
        retainfl,
        startdt,
        adt
    from judged

)

select * from final
