-- Subjects without a whole questionnaire are left out.
with items as (

    select * from {{ ref('int_score_items_coded') }}

),

codes as (

    select * from {{ source('study', 'instrument_codes') }}

),

subjects as (

    select * from {{ ref('adsl') }}

),

tests as (

    select * from {{ source('study', 'metric_tests') }}

),

-- Answers are told as one number to the base of 8, one digit an item, which no order of the rows can change: so an
-- instrument has whole items from 0 to 7, and at most 25 of them. Items that are another instrument's count there.
instruments as (

    select
        tests.testcd as paramcd,
        count(distinct codes.item_testcd) as items_expected
    from tests
    inner join codes
        on tests.testcd = codes.paramcd
    where tests.metric = 'repeated_items' and not codes.is_total and not codes.is_derived
    group by tests.testcd
    having
        count(distinct codes.item_testcd) <= 25 and count(case when not codes.is_whole then 1 end) = 0
        and min(codes.item_min) >= 0 and max(codes.item_max) <= 7

),

-- A questionnaire that was restated, or lacks an item, is left out; so is one with the same answer to all items.
questionnaires as (

    select
        items.usubjid,
        items.paramcd,
        sum(
            cast(items.collected as decimal(4, 0)) * try_cast(items.code_bit as decimal(8, 0))
            * try_cast(items.code_bit as decimal(8, 0)) * try_cast(items.code_bit as decimal(8, 0))
        ) as answers
    from items
    inner join instruments
        on items.paramcd = instruments.paramcd
    where not items.is_total and not items.is_derived
    group by {{ assessment_key('items') }}, instruments.items_expected
    having
        count(*) = instruments.items_expected
        and count(items.collected) = instruments.items_expected
        and bit_count(bit_or(items.code_bit)) = instruments.items_expected
        and min(items.collected) <> max(items.collected)

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
