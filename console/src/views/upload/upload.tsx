import { PageHeader } from "../../components/page-header";
import { useWords } from "../../language";
import { titles } from "../../words";

export default function Upload() {
  return <PageHeader title={useWords(titles).upload} />;
}
