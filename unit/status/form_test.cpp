#include "status/form.h"

#include <gtest/gtest.h>

using namespace cdn::status;

namespace {

std::optional<Form> wanted(std::string_view accept)
{
    return wanted_form(accept, {Form::html, Form::json, Form::prometheus, Form::openmetrics});
}

TEST(Form, IsWhatBrowsersScriptsAndPrometheusName)
{
    EXPECT_EQ(wanted("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"), Form::html);
    EXPECT_EQ(wanted("application/json, text/plain, */*"), Form::json);
    EXPECT_EQ(wanted("application/json, text/javascript, */*; q=0.01"), Form::json);
    EXPECT_EQ(wanted("text/plain;version=0.0.4;q=1,*/*;q=0.1"), Form::prometheus);
    EXPECT_EQ(wanted("application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
                     "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"), Form::openmetrics);
}

TEST(Form, HasTheHighestWeight)
{
    EXPECT_EQ(wanted("text/html;q=0.5,application/json;q=0.6"), Form::json);
    EXPECT_EQ(wanted("text/html;q=0.5, application/json;q=0.5"), Form::html);
    EXPECT_EQ(wanted("application/openmetrics-text;q=0.1,text/plain"), Form::prometheus);
    EXPECT_EQ(wanted("TEXT/HTML ; Q=0.001"), Form::html);
}

TEST(Form, IsNoneThatIsRefusedOrNotNamed)
{
    EXPECT_EQ(wanted(""), std::nullopt);
    EXPECT_EQ(wanted("*/*"), std::nullopt);
    EXPECT_EQ(wanted("text/*, image/png"), std::nullopt);
    EXPECT_EQ(wanted("text/html;q=0"), std::nullopt);
    EXPECT_EQ(wanted("text/html;q=x, application/json;q=0.1"), Form::json);
    EXPECT_EQ(wanted("not-text/html, text/html5"), std::nullopt);
}

TEST(Form, IsOneOfThoseThatThereAre)
{
    EXPECT_EQ(wanted_form("text/html, text/plain;q=0.1", {Form::prometheus, Form::openmetrics}), Form::prometheus);
    EXPECT_EQ(wanted_form("text/html", {Form::prometheus, Form::openmetrics}), std::nullopt);
}

}  // namespace
