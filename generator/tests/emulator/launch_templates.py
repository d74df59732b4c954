"""Versions of all launch templates: moto gives the first of them, EC2 gives them in pages."""

PAGE_MAX = 200


def in_pages(describe):
    """moto's own answer where one launch template is named, pages where none is."""

    def describe_versions(self):
        if self._get_param("LaunchTemplateId") or self._get_param("LaunchTemplateName"):
            return describe(self)
        number = self._get_int_param
        asked = number("MaxResults", PAGE_MAX)
        if asked > PAGE_MAX:
            raise ValueError(f"EC2 refuses {asked} results a page")
        self._get_int_param = lambda name, other=None: 10**6 if name == "MaxResults" else number(name, other)
        answer = describe(self)
        begin = int(self._get_param("NextToken") or 0)
        versions = answer.result["LaunchTemplateVersions"]
        answer.result["LaunchTemplateVersions"] = versions[begin : begin + asked]
        if begin + asked < len(versions):
            answer.result["NextToken"] = str(begin + asked)
        return answer

    return describe_versions
