// JUnit and CSV of results; documents and expected text by hand, the XML read by Python's parser.
#include "client/report/junit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/report/tensor_csv.h"
#include "common/base/file.h"
#include "tests/support/process.h"

namespace plumb::client {
namespace {

using testing::HasSubstr;

constexpr std::string_view kBatch =
    R"({"schema":"plumb.batch/1","model":{"file":"m.img","sha256":"ab"},
 "error":null,"comparisons":[
  {"files":["a.bin"],"verdict":"match","board":"b1","run":"1","comparison":{"tensors":[
    {"name":"=evil","op":"ADD","element_type":"s16","count":2,"verdict":"match","cosine":-0.5,"rel_l1":null}]}},
  {"files":["b.bin","c,d.bin"],"verdict":"mismatch","board":"b1","run":"2","comparison":{
    "tensors":[{"name":"<x> & \"y\"","verdict":"mismatch","cosine":0.5,"rel_l1":0.25,"count":4,
                "different_elements":3,"max_abs_error":1.5}],
    "diagnosis":[{"cause":"scaled","evidence":"factor 2","advice":"look\nhere"}]}},
  {"files":["e.bin"],"verdict":"not_compared","board":"b2","run":"3","comparison":{
    "error":{"code":"board_lost","message":"gone\u0007","hint":"plug it in"},"tensors":[]}},
  {"files":["f.bin"],"verdict":"not_run"}]})";

// What Python's own parser finds, a line for each element.
std::string ParsedByPython(const std::string& xml) {
  const auto folder = TempFolder::Create("plumb-junit-").value();
  EXPECT_TRUE(WriteFileAtomically(folder.path() / "r.xml", xml).ok());
  const auto finished = test::RunProgram(
      {"/usr/bin/python3",
       "-c",
       "import sys, xml.etree.ElementTree as t\n"
       "for e in t.parse(sys.argv[1]).iter():\n"
       "    print(e.tag, sorted(e.attrib.items()), repr((e.text or '').strip()))\n",
       (folder.path() / "r.xml").string()});
  EXPECT_TRUE(finished.ok() && finished->exit.code == 0) << finished->err;
  return finished->out;
}

TEST(JunitTest, ADeadBoardIsAnErrorAndADifferenceAFailure) {
  const auto xml = JunitXml(kBatch);
  ASSERT_TRUE(xml.ok()) << xml.status().ToString();
  const std::string parsed = ParsedByPython(*xml);
  EXPECT_THAT(parsed,
              HasSubstr("testsuite [('errors', '1'), ('failures', '1'), ('name', 'm.img'), "
                        "('skipped', '1'), ('tests', '4')]"));
  EXPECT_THAT(parsed, HasSubstr("testcase [('classname', 'm.img'), ('name', 'a.bin')] ''"));
  EXPECT_THAT(parsed,
              HasSubstr("failure [('message', '1 tensor differs on b1: scaled'), ('type', "
                        "'scaled')] '<x> & \"y\": cosine 0.5, rel_l1 0.25, largest "
                        "difference 1.5, 3 of 4 elements differ\\ncause scaled: factor "
                        "2\\n  -> look\\nhere'"));
  EXPECT_THAT(parsed,
              HasSubstr("error [('message', 'gone\\\\x07'), ('type', 'board_lost')] "
                        "'gone\\\\x07\\nhint: plug it in'"));
  EXPECT_THAT(parsed, HasSubstr("skipped"));
}

TEST(JunitTest, OfARunEachTensorIsACaseAndAMissingOneAFailure) {
  const auto xml = JunitXml(R"({"schema":"plumb.comparison/1","verdict":"mismatch","error":null,
    "target":{"source":"board b"},"tensors":[{"name":"good","verdict":"match"}],
    "coverage":{"missing_in_target":["lost"],"missing_in_reference":[]}})");
  const std::string parsed = ParsedByPython(xml.value());
  EXPECT_THAT(parsed, HasSubstr("('failures', '1')"));
  EXPECT_THAT(parsed, HasSubstr("('name', 'good')] ''"));
  EXPECT_THAT(parsed, HasSubstr("('name', 'lost')"));
  EXPECT_THAT(parsed, HasSubstr("missing_in_target: the tensor has no partner"));
}

TEST(JunitTest, ARunThatFailedIsOneError) {
  const auto xml = JunitXml(R"({"schema":"plumb.comparison/1","verdict":"not_compared",
    "error":{"code":"board_error","message":"no memory"},"tensors":[{"name":"x","verdict":"match"}]})");
  EXPECT_THAT(ParsedByPython(xml.value()),
              HasSubstr("error [('message', 'no memory'), ('type', 'board_error')]"));
}

TEST(JunitTest, ACaseOfASuiteThatSomebodyCancelledIsSkipped) {
  const auto xml = JunitXml(R"({"schema":"plumb.suite/1","name":"night","error":null,"cases":[
    {"name":"face/1@a","model":"face","verdict":"not_compared","comparison":{
      "error":{"code":"agent_lost","message":"gone","hint":""}}},
    {"name":"face/1@b","model":"face","verdict":"not_compared","comparison":{
      "error":{"code":"cancelled","message":"by ann","hint":""}}}]})");
  ASSERT_TRUE(xml.ok()) << xml.status().ToString();
  const std::string parsed = ParsedByPython(*xml);
  EXPECT_THAT(parsed,
              HasSubstr("testsuite [('errors', '1'), ('failures', '0'), ('name', 'face'), "
                        "('skipped', '1'), ('tests', '2')]"));
  EXPECT_THAT(parsed, HasSubstr("error [('message', 'gone'), ('type', 'agent_lost')]"));
  EXPECT_THAT(parsed, HasSubstr("skipped [('message', 'by ann')]"));
}

TEST(JunitTest, OtherDocumentsAreRefused) {
  for (const char* json : {"", "[]", "{}", R"({"schema":7})", R"({"schema":"plumb.dump/1"})"}) {
    EXPECT_FALSE(JunitXml(json).ok()) << json;
    EXPECT_FALSE(TensorCsv(json).ok()) << json;
  }
}

TEST(TensorCsvTest, ARowForEachTensorOfEachInput) {
  EXPECT_EQ(TensorCsv(kBatch).value(),
            "input,board,run,name,op,element_type,count,verdict,cosine,rel_l1,rel_l2,mse,rmse,"
            "sqnr_db,max_abs_error,max_lsb_error,over_tolerance,different_elements\r\n"
            "a.bin,b1,1,'=evil,ADD,s16,2,match,-0.5,,,,,,,,,\r\n"
            "\"b.bin,c,d.bin\",b1,2,\"<x> & \"\"y\"\"\",,,4,mismatch,0.5,0.25,,,,,1.5,,,3\r\n");
}

}  // namespace
}  // namespace plumb::client
