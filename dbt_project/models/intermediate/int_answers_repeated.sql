-- Subjects without a whole questionnaire are left out.
with items as (

    select * from {{ ref('int_score_items_coded') }}

),

instrument_items as (

    select * from {{ ref('instrument_items') }}

),

subjects as (

    select * from {{ ref('adsl') }}

),

tests as (

    select * from {{ source('study', 'metric_tests') }}

),

-- Answers are told as one number to the base of 8, one digit an item, which no order of the rows can change: so an
-- instrument has no item above 7, and at most 25 of them.
instruments as (

    select
        tests.testcd as paramcd,
        count(instrument_items.qstestcd) as items_expected
    from tests
    inner join instrument_items
        on tests.testcd = instrument_items.paramcd
    where tests.metric = 'repeated_items'
    group by tests.testcd
    having max(instrument_items.item_max) <= 7 and count(instrument_items.qstestcd) <= 25

),

-- A questionnaire that was restated, or lacks an item, is left out; so is one with the same answer to all items.
questionnaires as (

    select
        items.usubjid,
        items.paramcd,
        sum(
            cast(items.score as decimal(4, 0)) * try_cast(items.code_bit as decimal(8, 0))
            * try_cast(items.code_bit as decimal(8, 0)) * try_cast(items.code_bit as decimal(8, 0))
        ) as answers
    from items
    inner join instruments
        on items.paramcd = instruments.paramcd
    where not items.is_total
    group by {{ assessment_key('items') }}, instruments.items_expected
    having
        count(*) = instruments.items_expected
        and count(items.score) = instruments.items_expected
        and bit_count(bit_or(items.code_bit)) = instruments.items_expected
        and min(items.score) <> max(items.score)

),

compared as (

    select
        questionnaires.usubjid,
        count(*) over (partition by subjects.siteid, questionnaires.paramcd, questionnaires.answers) as times_given
    from questionnaires
    left join subjects
        on questionnaires.usubjid = subjects.usubjid

),

final as (

    select
        usubjid,
        count(*) as questionnaires,
        count(case when times_given > 1 then 1 end) as questionnaires_repeated
    from compared
    group by usubjid

)

select * from final
