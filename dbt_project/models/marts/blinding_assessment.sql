with answers as (

    select * from {{ ref('int_answers_recorded') }}

),

assessments as (

    select * from {{ source('study', 'blinding_assessments') }}

),

meanings as (

    select * from {{ source('study', 'blinding_answers') }}

),

subjects as (

    select * from {{ ref('adsl') }}

),

doses as (

    select * from {{ ref('int_doses_numbered') }}

),

treatments as (

    select * from {{ ref('int_treatments_allocated') }}

),

certainties as (

    select
        usubjid,
        qstestcd,
        visit,
        adt,
        qualifiers,
        max(qsstresn) as certainty
    from answers
    group by usubjid, qstestcd, visit, adt, qualifiers

),

final as (

    select
        answers.studyid,
        answers.usubjid,
        coalesce(subjects.siteid, answers.siteid) as siteid,
        treatments.trta,
        answers.qstestcd as paramcd,
        assessments.label as param,
        assessments.kind,
        assessments.assessor,
        answers.visit as avisit,
        answers.atpt,
        answers.qualifiers,
        meanings.guess,
        'QS' as srcdom,
        answers.delivery_id,
        answers.source_file,
        {{ study_day('answers.adt', 'subjects.rfstdt') }} as ady,
        {{ days_between('doses.adt', 'answers.adt') }} as days_since_dose,
        case when assessments.kind = 'EXPECTANCY' then answers.qsstresn end as aval,
        certainties.certainty,
        answers.srcseq,
        -- A blinded cut has no arm that a guess could be laid beside.
        {{ flag("nullif(meanings.guess, 'UNKNOWN') = nullif(treatments.trta, 'BLINDED')") }} as correctfl,
        answers.adt
    from answers
    inner join assessments
        on answers.qstestcd = assessments.qstestcd
    left join meanings
        on answers.qstestcd = meanings.qstestcd and answers.qsorres = meanings.answer
    left join subjects
        on answers.usubjid = subjects.usubjid
    left join doses
        on {{ is_last_dose_before('doses', 'answers', 'answers.adt') }}
    left join treatments
        on {{ is_treated_on('treatments', 'answers', 'answers.adt') }}
    left join certainties
        on
            answers.usubjid = certainties.usubjid
            and assessments.certainty_testcd = certainties.qstestcd
            and answers.visit = certainties.visit
            and answers.adt is not distinct from certainties.adt
            and answers.qualifiers is not distinct from certainties.qualifiers

)

select * from final
